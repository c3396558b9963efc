#!/bin/sh
# Rotates the tokens of a project that end within DAYS, as people write it:
# rotate.sh PROJECT DAYS FOLDER. A secret goes into FOLDER/NAME.
set -eu
api=$PATROL_URL/api/v4/projects/$(printf %s "$1" | jq -sRr @uri)/access_tokens
soon=$(date -u -d "+$2 days" +%F)
next=$(date -u -d "+90 days" +%F)
mkdir -p "$3"
umask 077
page=1
: >"$3/ids"
while [ -n "$page" ]; do
	curl -sS --fail-with-body -D "$3/headers" -H "PRIVATE-TOKEN: $PATROL_ADMIN" \
		--get "$api" -d state=active -d "expires_before=$soon" -d per_page=2 -d "page=$page" |
		jq -r '.[] | [.id, .name] | @tsv' >>"$3/ids"
	page=$(tr -d '\r' <"$3/headers" | sed -n 's/^[Xx]-[Nn]ext-[Pp]age: *//p')
done
while read -r id name; do
	curl -sS --fail-with-body -X POST -H "Authorization: Bearer $PATROL_ADMIN" --form "expires_at=$next" "$api/$id/rotate" |
		jq -er .token >"$3/$name"
done <"$3/ids"

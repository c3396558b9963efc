// Package model is the language of Patrol: what exists, who may do what to it,
// and which use cases change it. It uses the standard library only, does no
// input or output, and reads no clock: today is always an argument.
//
// Numbers like R45, A43 and G11 in comments name the rules of the
// specification that a type or a sentence comes from.
package model

// Package ui is the console: one tea.Model, App, and a stack of screens. It
// knows the domain (model) and the keys (keys), never the store behind them.
//
// Most screens are data for one of two components: a list, whose rows come
// from the store a page at a time, or a form, whose last row says at every
// keystroke whether it would work. A new screen is one short file that fills
// one of them in.
//
// One goroutine, that of Update, owns all state. What takes time is a tea.Cmd
// made by ask; its answer is a function that Update calls, unless a newer
// question has been asked meanwhile. Nothing in this package is global and
// mutable: many consoles may run in one process.
package ui

// Package gonb makes of a user's cell what stock GoNB treats right. GoNB keeps
// declarations by name and runs what stands in func main; where its names clash,
// where it reads text as commands, and where a cell has no func main, the text
// changes. Lines keep their numbers.
package gonb

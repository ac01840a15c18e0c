// Package gonb knows how stock GoNB reads cells, and what a user's cell must become so
// that GoNB treats it right. Nothing else in the kernel knows GoNB's grammar.
//
//   - [Read] reads a cell: which lines are commands, where func main begins. [Commands]
//     are GoNB's commands. [Words], [Chunks] and [File] take Go source apart.
//   - [Session] rewrites cells. GoNB keeps declarations by name and runs what stands in
//     func main; where its names clash, where it reads text as commands, and where a cell
//     has no func main, the text changes. Lines keep their numbers.
//   - [Compose] returns the file that GoNB makes of a cell; [Mend] and its like change
//     that file before it is built.
//
// What positions in that file mean to the user is known by package lines, below.
package gonb

// Files are the files that GoNB writes for the go command, in a folder whose name
// begins with FolderPrefix: one holds what it remembers and the cell, or for a cell
// with %test the other does.
var Files = []string{"main.go", "main_test.go"}

// FolderPrefix begins the name of the folder that GoNB builds in, of its module, and
// of the program that it builds there.
const FolderPrefix = "gonb_"

// Prefix hides a command from Go tools, in files that are Go: GoNB skips it.
const Prefix = "//gonb:"

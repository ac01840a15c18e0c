// Package lines knows where in the cells GoNB's main.go comes from, so that what
// the compiler and the runtime say of it names the user's own lines.
package lines

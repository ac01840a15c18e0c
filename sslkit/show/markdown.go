package show

import (
	"fmt"

	"github.com/janpfeifer/gonb/gonbui"
)

// Markdown shows text that is written in Markdown: set as such below a cell,
// as it is in a terminal.
func Markdown(text string) {
	if gonbui.IsNotebook {
		gonbui.DisplayMarkdown(text)
		gonbui.Sync()
		return
	}
	fmt.Println(text)
}

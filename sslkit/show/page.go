package show

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/gossl/gossl/sslkit/train"
)

// page is the live display of a run in a notebook: status, bar and curves. It
// needs neither scripts nor anything from elsewhere.
func page(e train.Event, left time.Duration) string {
	text := status(e)
	fraction := 0.0
	if done, total := steps(e); total > 0 {
		fraction = float64(done) / float64(total)
	}
	if e.Phase == train.Finished {
		fraction = 1
	} else if left > 0 {
		text += ", " + duration(left.Seconds()) + " left"
	}
	if e.Result != nil {
		text = e.Result.Recipe.Name + ": " + text
	}
	if e.Result != nil && len(e.Result.Epochs) > 0 && e.Result.Recipe.Eval.On() {
		text += fmt.Sprintf(", kNN accuracy %.3f", e.Result.Last().KNN)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div style="font-family:sans-serif;max-width:864px"><div>%s</div>`, html.EscapeString(text))
	fmt.Fprintf(&b, `<div style="background:#88888840;height:8px;border-radius:4px;margin:6px 0">`+
		`<div style="background:#2f6fde;height:8px;border-radius:4px;width:%.1f%%"></div></div>`, 100*fraction)
	if e.Result != nil && len(e.Result.Epochs) > 0 {
		if warning := e.Result.Last().Warning; warning != "" {
			fmt.Fprintf(&b, `<div style="color:var(--jp-error-color1,#b3261e);margin-bottom:6px">%s</div>`, html.EscapeString(warning))
		}
		svg, err := curvesSVG([]*train.Result{e.Result})
		if err != nil {
			svg = html.EscapeString(err.Error())
		}
		b.WriteString(svg)
	}
	b.WriteString("</div>")
	return b.String()
}

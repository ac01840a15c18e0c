// Package browser uses the kernel as a person does, in JupyterLab in a browser. It is
// a module of its own, so that what drives the browser is none of the library's.
package browser

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/gossl/gossl/kernel/conformance"
)

// repository is the checkout whose kernel is tested.
var repository = filepath.Join("..", "..", "..")

// TestJupyterLab uses a notebook as a person does: in JupyterLab, in a browser.
func TestJupyterLab(t *testing.T) {
	p := openLab(t, quickQuickstart(t))
	t.Run("run all", func(t *testing.T) {
		p := p.in(t)
		p.click(`[data-jp-item-name="restart-and-run"] jp-button`)
		p.press(kb.Enter) // in the dialog: restart
		p.await(3*time.Minute, "the last cell's output", `cells().at(-1).innerText.includes("kNN best")`)
		p.await(10*time.Second, "the end of all cells", `cells().every(c => /\[\d+\]:/.test(c.innerText))`)
		if errors := p.text(`String(document.querySelectorAll('[data-mime-type="application/vnd.jupyter.error"]').length)`); errors != "0" {
			t.Errorf("%s cells show an error", errors)
		}
		p.await(10*time.Second, "four pictures", `[...document.querySelectorAll(".jp-OutputArea-output img")].filter(i => i.naturalWidth > 300).length >= 3`)
		p.picture("quickstart")
	})
	t.Run("restart", func(t *testing.T) {
		p := p.in(t)
		p.click(`[data-jp-item-name="restart"] jp-button`)
		p.press(kb.Enter)
		p.addCell("fmt.Println(\"after the\", \"restart\", what.Epochs)")
		p.press(runCell)
		p.await(30*time.Second, "an error", `last().innerText.includes("undefined: what")`)
		p.addCell("fmt.Println(\"after the\", \"restart\")")
		p.press(runCell)
		p.await(30*time.Second, "output", `last().innerText.includes("after the restart")`)
	})
	t.Run("stop", func(t *testing.T) {
		p := p.in(t)
		p.addCell("fmt.Println(\"count\" + \"ing\"); for { time.Sleep(time.Second) }")
		p.press(runCell)
		p.await(30*time.Second, "output", `last().innerText.includes("counting")`)
		begin := time.Now()
		p.click(`[data-jp-item-name="interrupt"] jp-button`)
		p.await(20*time.Second, "the end", `!last().innerText.includes("[*]")`)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("the cell ended %v after Stop", took)
		}
		p.await(5*time.Second, "the interrupt", `last().innerText.includes("interrupt")`)
		p.picture("stop")
	})
	t.Run("tab", func(t *testing.T) {
		p := p.in(t)
		p.addCell("fmt.Printl")
		// A list, or the name itself where there is but one.
		const completed = `(document.querySelector(".jp-Completer")?.innerText ?? "") + last().querySelector(".cm-content").innerText`
		p.eventually(time.Minute, "the name", func() bool { // a first Tab may find nothing on a busy machine
			p.press(kb.Tab)
			for range 40 {
				if strings.Contains(p.text(completed), "Println") {
					return true
				}
				time.Sleep(50 * time.Millisecond)
			}
			return false
		})
		p.picture("tab")
	})
}

// runCell runs the cell that is edited, and stays there.
const runCell = "\x00ctrl+enter"

// quickQuickstart is a folder with the quickstart, which trains for seconds there.
func quickQuickstart(t *testing.T) string {
	t.Helper()
	notebook, err := os.ReadFile(filepath.Join(repository, "notebooks", "quickstart.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	const whole, short = `return recipe.Shapes(\"SimCLR\")`,
		`r, err := recipe.Shapes(\"SimCLR\"); r.Epochs, r.TrainImages, r.TestImages = 1, 500, 100; return r, err`
	if !bytes.Contains(notebook, []byte(whole)) {
		t.Fatalf("the quickstart has no %s to shorten", whole)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "quickstart.ipynb"), bytes.Replace(notebook, []byte(whole), []byte(short), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A page is JupyterLab in a browser, with a notebook open.
type page struct {
	context.Context
	t *testing.T
}

// openLab starts JupyterLab for a folder, and a browser that shows its quickstart.
func openLab(t *testing.T, dir string) page {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no browser: install Chromium")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	lab := conformance.Python(t, repository, "-m", "jupyterlab", dir, "--no-browser", "--allow-root", fmt.Sprintf("--port=%d", port), "--port-retries=0",
		"--IdentityProvider.token=of-the-test")
	var log bytes.Buffer
	lab.Stdout, lab.Stderr = &log, &log
	lab.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := lab.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = lab.Process.Signal(syscall.SIGTERM)
		_ = lab.Wait()
		if t.Failed() {
			t.Logf("JupyterLab printed:\n%s", log.String())
		}
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1300, 4500)) // all cells are in sight, or JupyterLab leaves them out
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	p := page{ctx, t}
	url := fmt.Sprintf("http://127.0.0.1:%d/lab/tree/quickstart.ipynb?token=of-the-test&reset", port)
	p.eventually(time.Minute, "JupyterLab", func() bool { return chromedp.Run(ctx, chromedp.Navigate(url)) == nil })
	p.await(time.Minute, "the notebook", `document.querySelectorAll(".jp-Notebook .jp-CodeCell").length > 5`)
	p.await(time.Minute, "the kernel", `document.body.innerText.includes("Go (sslkit)")`)
	return p
}

func (p page) in(t *testing.T) page { return page{p.Context, t} }

// functions are what expressions of these tests may call.
const functions = `const cells = () => [...document.querySelectorAll(".jp-Notebook .jp-CodeCell")];
const last = () => cells().at(-1); `

// text evaluates an expression that is a text.
func (p page) text(expression string) (text string) {
	p.t.Helper()
	if err := chromedp.Run(p, chromedp.Evaluate("(() => {"+functions+"return "+expression+"})()", &text)); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return text
}

// await waits until an expression is true.
func (p page) await(limit time.Duration, what, expression string) {
	p.t.Helper()
	p.eventually(limit, what, func() bool { return p.text("String("+expression+")") == "true" })
}

func (p page) eventually(limit time.Duration, what string, done func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.picture("failed")
			p.t.Fatalf("%s: not there after %v", what, limit)
		}
	}
}

func (p page) click(selector string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p, time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		p.picture("failed")
		p.t.Fatalf("click %s: %v", selector, err)
	}
}

// press presses keys where the cursor is.
func (p page) press(keys string) {
	p.t.Helper()
	action := chromedp.KeyEvent(keys)
	if keys == runCell {
		action = chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(2))
	}
	if err := chromedp.Run(p, chromedp.Sleep(300*time.Millisecond), action); err != nil {
		p.t.Fatal(err)
	}
}

// addCell writes a cell below the last one.
func (p page) addCell(code string) {
	p.t.Helper()
	before := p.text("String(cells().length)")
	p.click(".jp-Notebook-footer")
	p.await(10*time.Second, "a new cell", "String(cells().length) != "+before)
	p.press(kb.Enter) // edits it
	p.await(10*time.Second, "the cursor", `last().contains(document.activeElement)`)
	p.press(code)
}

// picture keeps what is to be seen, in the folder that SSLKIT_PICTURES names, if any.
func (p page) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("SSLKIT_PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	if err := chromedp.Run(p, chromedp.CaptureScreenshot(&png)); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

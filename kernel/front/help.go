package front

import (
	"encoding/json"
	"path/filepath"

	"github.com/gossl/gossl/kernel/assist"
	"github.com/gossl/gossl/kernel/launch"
	"github.com/gossl/gossl/kernel/wire"
)

// startAssist starts what answers Tab and Shift-Tab, once GoNB's folder is there. front.mu is held.
func (f *front) startAssist(workDir string) {
	if f.assist != nil || f.options.Gopls == "" {
		return
	}
	env := append(f.toolEnviron(), "TMPDIR="+f.dir.temp()) // where what it leaves is removed
	f.assist = assist.Start(f.ctx, assist.Options{
		Gopls: f.options.Gopls, Guard: filepath.Join(f.dir.bin(), launch.GuardName), Dir: workDir, Env: env,
	})
}

func (f *front) closeAssist() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.assist != nil {
		f.assist.Close()
	}
}

// help answers Tab and Shift-Tab. Cells go on meanwhile.
func (f *front) help(s *wire.Socket, request *wire.Message) {
	var in struct {
		Code   string `json:"code"`
		Cursor int    `json:"cursor_pos"`
		Detail int    `json:"detail_level"`
	}
	if err := json.Unmarshal(request.Content, &in); err != nil {
		f.answer(s, request, failure("BadRequest", err.Error()))
		return
	}
	ctx := f.ctx // the assistant knows when it is too late
	f.mu.Lock()
	a := f.assist
	f.mu.Unlock()
	if request.Header.Type == "inspect_request" {
		data, found := content{}, false
		if a != nil {
			var markdown, plain string
			if markdown, plain, found = a.Inspect(ctx, in.Code, in.Cursor, in.Detail); found {
				data = content{"text/markdown": markdown, "text/plain": plain}
			}
		}
		f.answer(s, request, content{"status": "ok", "found": found, "data": data, "metadata": content{}})
		return
	}
	reply := content{"status": "ok", "matches": []string{}, "cursor_start": in.Cursor, "cursor_end": in.Cursor, "metadata": content{}}
	if a != nil {
		c := a.Complete(ctx, in.Code, in.Cursor)
		reply["cursor_start"], reply["cursor_end"] = c.Start, c.End
		if c.Matches != nil {
			reply["matches"] = c.Matches
		}
		if c.Metadata != nil {
			reply["metadata"] = c.Metadata
		}
	}
	f.answer(s, request, reply)
}

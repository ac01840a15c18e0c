package front

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/wire"
)

// serve deals with the requests of one of Jupyter's sockets.
func (f *front) serve(s *wire.Socket) {
	for {
		request, err := s.Recv()
		if err != nil {
			return // the socket is closed
		}
		switch request.Header.Type {
		case "execute_request":
			f.enqueue(s, request)
		case "complete_request", "inspect_request":
			f.goes.Go(func() { f.help(s, request) })
		case "interrupt_request":
			f.interrupt()
			f.answer(s, request, content{"status": "ok"})
		case "shutdown_request":
			f.shutDown(s, request)
			return
		case "comm_open", "comm_msg", "comm_close":
			f.comm(request)
		default:
			f.answer(s, request, f.known(request))
		}
	}
}

func replyType(request *wire.Message) string {
	return strings.TrimSuffix(request.Header.Type, "_request") + "_reply"
}

// answer replies to a request, and publishes before and after that the kernel is busy
// and idle, as clients expect. A message that is no request gets no reply, but its
// sender may wait for the two states.
func (f *front) answer(via *wire.Socket, request *wire.Message, c any) {
	f.publish("status", request, content{"execution_state": "busy"})
	defer f.publish("status", request, content{"execution_state": "idle"})
	if !strings.HasSuffix(request.Header.Type, "_request") {
		f.log("unknown message type %q", request.Header.Type)
		return
	}
	f.reply(via, request, c, nil)
}

// known is the content of a reply for which nobody else has to be asked.
func (f *front) known(request *wire.Message) any {
	var in struct {
		Code   string `json:"code"`
		Target string `json:"target_name"`
		historyRequest
	}
	if len(request.Content) > 0 {
		if err := json.Unmarshal(request.Content, &in); err != nil {
			return failure("BadRequest", fmt.Sprintf("%s: %v", request.Header.Type, err))
		}
	}
	switch request.Header.Type {
	case "kernel_info_request":
		return f.info
	case "is_complete_request":
		status, indent := gonb.Completeness(in.Code)
		if status != gonb.Incomplete {
			return content{"status": status}
		}
		return content{"status": status, "indent": indent}
	case "history_request":
		f.mu.Lock()
		defer f.mu.Unlock()
		return content{"status": "ok", "history": f.history.find(in.historyRequest)}
	case "comm_info_request":
		return f.openComms(in.Target)
	}
	return failure("NotImplemented", "the kernel does not know "+request.Header.Type)
}

// failure is the content of a reply that tells of an error.
func failure(name, value string, traceback ...string) content {
	if len(traceback) == 0 {
		traceback = []string{"\x1b[31m" + name + "\x1b[0m: " + value}
	}
	return content{"status": "error", "ename": name, "evalue": value, "traceback": traceback}
}

// introduce changes GoNB's kernel_info_reply to say who answers.
func (f *front) introduce(gonb json.RawMessage) (json.RawMessage, error) {
	var info content
	if err := json.Unmarshal(gonb, &info); err != nil {
		return nil, fmt.Errorf("front: GoNB's kernel_info_reply: %w", err)
	}
	info["implementation"], info["implementation_version"] = "sslkit", f.options.Version
	info["banner"] = "Go cells for sslkit, by GoNB"
	info["status"], info["debugger"], info["supported_features"] = "ok", false, []string{}
	info["language_info"] = f.language()
	return json.Marshal(info)
}

// language describes Go as the format of notebooks wants it. The version is that
// of the go command that builds the cells, none if it does not say.
func (f *front) language() notebook.Language {
	language := notebook.Go
	out, _ := f.goCommand("", "env", "GOVERSION") // what is wrong with it shows when a cell is built
	language.Version = strings.TrimPrefix(strings.TrimSpace(out), "go")
	return language
}

// shutDown ends the kernel: GoNB is told, and killed if it does not listen.
func (f *front) shutDown(s *wire.Socket, request *wire.Message) {
	var in struct {
		Restart bool `json:"restart"`
	}
	_ = json.Unmarshal(request.Content, &in) // without content it is no restart
	c := content{"status": "ok", "restart": in.Restart}
	f.answer(s, request, c)
	f.publish("shutdown_reply", request, c) // for the other clients
	f.quit <- nil
}

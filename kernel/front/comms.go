package front

import (
	"encoding/json"
	"slices"

	"github.com/gossl/gossl/kernel/wire"
)

// commTarget is the one target that GoNB has for the comms of clients: its widgets.
const commTarget = "gonb_comm"

// commMessage is what messages about comms have in common.
type commMessage struct {
	ID     string `json:"comm_id"`
	Target string `json:"target_name"`
}

// comm passes a message about a comm on to GoNB. A client that opens one to a
// target that is not there is told so by its end.
func (f *front) comm(m *wire.Message) {
	f.publish("status", m, content{"execution_state": "busy"})
	defer f.publish("status", m, content{"execution_state": "idle"})
	var c commMessage
	if err := json.Unmarshal(m.Content, &c); err != nil {
		f.log("%s: %v", m.Header.Type, err)
		return
	}
	switch m.Header.Type {
	case "comm_open":
		if c.Target != commTarget {
			f.publish("comm_close", m, content{"comm_id": c.ID, "data": content{}})
			return
		}
		f.setComm(c.ID, c.Target)
		f.addPage(c.ID)
	case "comm_close":
		f.setComm(c.ID, "")
	}
	anonymous := *m // no reply comes back
	anonymous.Identities = nil
	if err := f.gonb.shell.Send(&anonymous); err != nil {
		f.log("%s: %v", m.Header.Type, err)
	}
}

// setComm notes the target of an open comm, "" for one that is closed.
func (f *front) setComm(id, target string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if target == "" {
		delete(f.comms, id)
		return
	}
	f.comms[id] = target
}

// addPage notes a page with widgets, which GoNB may go on to take for the one that is there.
func (f *front) addPage(comm string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.pages, comm) {
		f.pages = append(f.pages, comm)
	}
}

// openComms is the content of a comm_info_reply: the comms of a target, of all for "".
func (f *front) openComms(target string) content {
	f.mu.Lock()
	defer f.mu.Unlock()
	open := content{}
	for id, name := range f.comms {
		if target == "" || name == target {
			open[id] = content{"target_name": name}
		}
	}
	return content{"status": "ok", "comms": open}
}

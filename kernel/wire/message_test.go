package wire_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/wire"
)

// recorded is an execute_reply as Python's jupyter_client 8 made it.
func recorded() [][]byte {
	frames := []string{
		"client-1",
		"<IDS|MSG>",
		"8eda8f5c48d5866c88077ea3897374220992221f046eb8b758a405958165eb40",
		`{"msg_id": "5e0c8a2f-1b_17384_0", "msg_type": "execute_reply", "username": "kernel", "session": "5e0c8a2f-1b", "date": "2026-11-23T21:02:35.530652Z", "version": "5.4"}`,
		`{"msg_id": "9d1f-7_17384_0", "msg_type": "execute_request", "username": "user", "session": "9d1f-7", "date": "2026-11-23T21:02:35.530632Z", "version": "5.4"}`,
		`{"started": "2025-01-02T03:04:05.601000Z"}`,
		`{"status": "ok", "execution_count": 3, "text": "a < b, ü"}`,
		"buffer",
	}
	all := make([][]byte, len(frames))
	for i, frame := range frames {
		all[i] = []byte(frame)
	}
	return all
}

func TestDecodeRecorded(t *testing.T) {
	m, err := wire.Decode("a0436f6c-1916", recorded())
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Type != "execute_reply" || m.Header.ID != "5e0c8a2f-1b_17384_0" || m.Parent.ID != "9d1f-7_17384_0" {
		t.Errorf("header %+v, parent %+v", m.Header, m.Parent)
	}
	if got := string(m.Identities[0]) + " " + string(m.Buffers[0]); got != "client-1 buffer" {
		t.Errorf("identity and buffer %q, want those of the frames", got)
	}
	if diff := cmp.Diff(recorded(), m.Encode("a0436f6c-1916")); diff != "" {
		t.Errorf("relayed frames differ (-recorded +relayed):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const key = "a0436f6c-1916"
	change := func(frame int, content string) [][]byte {
		frames := recorded()
		frames[frame] = []byte(content)
		return frames
	}
	for name, frames := range map[string][][]byte{
		"other key":         recorded(),
		"changed header":    change(3, `{"msg_type": "execute_request"}`),
		"changed parent":    change(4, `{}`),
		"changed metadata":  change(5, `{}`),
		"changed content":   change(6, `{"status": "error"}`),
		"no signature":      change(2, ""),
		"shorter signature": change(2, string(recorded()[2][:63])),
	} {
		with := key
		if name == "other key" {
			with = "another"
		}
		if _, err := wire.Decode(with, frames); !errors.Is(err, wire.ErrSignature) {
			t.Errorf("%s: error %v, want %v", name, err, wire.ErrSignature)
		}
	}
	for name, frames := range map[string][][]byte{
		"no frames": nil, "no delimiter": change(1, "<IDS>"), "too few": recorded()[:6],
	} {
		if _, err := wire.Decode(key, frames); err == nil || errors.Is(err, wire.ErrSignature) {
			t.Errorf("%s: error %v, want one about the frames", name, err)
		}
	}
}

func TestReplyCarriesItsRequest(t *testing.T) {
	request := newMessage(t, "execute_request", map[string]string{"code": "a < b"})
	request.Identities = [][]byte{[]byte("client")}
	reply, err := wire.New("execute_reply", request, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.Decode("key", reply.Encode("key"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Parent != request.Header {
		t.Errorf("parent %+v, want the request's header %+v", got.Parent, request.Header)
	}
	if string(got.Identities[0]) != "client" || string(got.Content) != "{}" || !json.Valid(got.Metadata) {
		t.Errorf("identities %q, content %s, metadata %s", got.Identities, got.Content, got.Metadata)
	}
	if _, err := wire.New("stream", nil, func() {}); err == nil || !strings.Contains(err.Error(), "wire: stream") {
		t.Errorf("content that is not JSON: error %v, want one that names the message", err)
	}
}

func TestReadConn(t *testing.T) {
	const good = `{"shell_port": 5001, "iopub_port": 5002, "stdin_port": 5003, "control_port": 5004, "hb_port": 5005,
		"ip": "127.0.0.1", "key": "secret", "transport": "tcp", "signature_scheme": "hmac-sha256", "kernel_name": "sslkit"}`
	tests := []struct {
		name, old, new, want string
	}{
		{"good", "", "", ""},
		{"localhost", "127.0.0.1", "localhost", ""},
		{"IPv6", "127.0.0.1", "::1", ""},
		{"no scheme", `"hmac-sha256"`, `""`, ""},
		{"other machines", "127.0.0.1", "0.0.0.0", `ip is "0.0.0.0", want an address of the loopback interface`},
		{"name", "127.0.0.1", "example.org", `ip is "example.org"`},
		{"no key", `"secret"`, `""`, `key is "", want a key`},
		{"transport", `"tcp"`, `"udp"`, `transport is "udp", want tcp or ipc`},
		{"scheme", "hmac-sha256", "hmac-md5", `signature_scheme is "hmac-md5", want hmac-sha256`},
		{"no port", `"stdin_port": 5003, `, "", "stdin_port is 0, want 1 to 65535"},
		{"port", "5005", "70000", "hb_port is 70000, want 1 to 65535"},
		{"syntax", "{", "[", "wire: connection file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "kernel.json")
			if err := os.WriteFile(file, []byte(strings.Replace(good, test.old, test.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			conn, err := wire.ReadConn(file)
			if test.want == "" {
				if err != nil || conn.Key != "secret" || conn.Shell != 5001 {
					t.Errorf("%+v, error %v", conn, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), file) || conn != nil {
				t.Errorf("%+v, error %v, want %s, and the file", conn, err, test.want)
			}
		})
	}
	if _, err := wire.ReadConn(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: error %v, want %v", err, os.ErrNotExist)
	}
}

func TestNewIPC(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "kernel.json")
	conn, err := wire.NewIPC(dir, file)
	if err != nil {
		t.Fatal(err)
	}
	read, err := wire.ReadConn(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(conn, read); diff != "" {
		t.Errorf("connection read (-written +read):\n%s", diff)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v, want -rw-------", info.Mode(), err)
	}
	if got, want := conn.Address(wire.IOPub), "ipc://"+dir+"/zmq-2"; got != want {
		t.Errorf("address %s, want %s", got, want)
	}
	if _, err := wire.NewIPC("/"+strings.Repeat("long", 30), file); err == nil || !strings.Contains(err.Error(), "want at most 107") {
		t.Errorf("long folder: error %v, want one about the length", err)
	}
}

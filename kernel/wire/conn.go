package wire

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
)

// Conn is what a connection file says: where a kernel listens, and the key that
// signs its messages.
type Conn struct {
	Shell     int    `json:"shell_port"`
	IOPub     int    `json:"iopub_port"`
	Stdin     int    `json:"stdin_port"`
	Control   int    `json:"control_port"`
	Heartbeat int    `json:"hb_port"`
	IP        string `json:"ip"` // with the transport ipc: what the sockets' paths begin with
	Transport string `json:"transport"`
	Key       string `json:"key"`
	Scheme    string `json:"signature_scheme"`
	Kernel    string `json:"kernel_name,omitempty"`
}

const scheme = "hmac-sha256"

// ReadConn reads a connection file.
func ReadConn(path string) (*Conn, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("wire: connection file: %w", err)
	}
	var c Conn
	if err := json.Unmarshal(content, &c); err != nil {
		return nil, fmt.Errorf("wire: connection file %s: %w", path, err)
	}
	if err := c.validate(path); err != nil {
		return nil, err
	}
	return &c, nil
}

func (c *Conn) validate(path string) error {
	wrong := func(field string, value any, want string) error {
		return fmt.Errorf("wire: connection file %s: %s is %q, want %s", path, field, value, want)
	}
	switch {
	case c.Scheme != scheme && c.Scheme != "":
		return wrong("signature_scheme", c.Scheme, scheme)
	case c.Transport == "tcp" && !loopback(c.IP):
		return wrong("ip", c.IP, "an address of the loopback interface: cells run whatever reaches the kernel")
	case c.Transport != "tcp" && c.Transport != "ipc":
		return wrong("transport", c.Transport, "tcp or ipc")
	case c.Key == "":
		return wrong("key", "", "a key: without one anybody could send cells")
	}
	for _, port := range []struct {
		field  string
		number int
	}{
		{"shell_port", c.Shell}, {"iopub_port", c.IOPub}, {"stdin_port", c.Stdin},
		{"control_port", c.Control}, {"hb_port", c.Heartbeat},
	} {
		if port.number < 1 || port.number > 65535 {
			return fmt.Errorf("wire: connection file %s: %s is %d, want 1 to 65535", path, port.field, port.number)
		}
	}
	return nil
}

// loopback says whether an address is one of this machine's own.
func loopback(ip string) bool {
	parsed := net.ParseIP(ip)
	return ip == "localhost" || parsed != nil && parsed.IsLoopback()
}

// NewIPC returns a connection over Unix sockets in dir, and writes its file: no
// port can be taken by somebody else before it is bound, and no other user can
// reach it if dir is private.
func NewIPC(dir, path string) (*Conn, error) {
	c := &Conn{
		Shell: 1, IOPub: 2, Stdin: 3, Control: 4, Heartbeat: 5,
		IP: dir + "/zmq", Transport: "ipc", Key: NewID(), Scheme: scheme,
	}
	if longest := len(c.IP + "-5"); longest > longestSocket {
		return nil, fmt.Errorf("wire: folder %s: its sockets' names are %d bytes long, want at most %d", dir, longest, longestSocket)
	}
	content, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("wire: connection file %s: %w", path, err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return nil, fmt.Errorf("wire: connection file: %w", err)
	}
	return c, nil
}

// longestSocket is how long the name of a Unix socket can be on Linux.
const longestSocket = 107

// Addr is the ZeroMQ address of a port.
func (c *Conn) Addr(port int) string {
	if c.Transport == "ipc" {
		return fmt.Sprintf("ipc://%s-%d", c.IP, port)
	}
	return "tcp://" + net.JoinHostPort(c.IP, fmt.Sprint(port))
}

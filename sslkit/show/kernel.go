package show

import (
	"fmt"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/gossl/gossl/sslkit/device"
)

// deviceMIME is the type of a display that the kernel keeps for itself: the
// memory of the device, which only the cell's program knows.
const deviceMIME = "application/vnd.sslkit.device+json"

// tellKernel tells the kernel the peak of a device's memory, for the reply's
// metadata and the line below a long cell.
func tellKernel(m device.Memory) {
	if !m.OnDevice() {
		return // the kernel counts the process's memory itself
	}
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		deviceMIME: fmt.Sprintf(`{"peak_memory": %d}`, m.Peak),
	}})
}

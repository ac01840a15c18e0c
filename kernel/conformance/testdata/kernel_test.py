"""Jupyter's own tests of a kernel, for sslkit's."""

import unittest

import jupyter_kernel_test

CLEAR = """import "github.com/janpfeifer/gonb/gonbui/protocol"
gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{"application/vnd.sslkit.clear_output+json": "{}"}})"""


class Kernel(jupyter_kernel_test.KernelTests):
    kernel_name = "sslkit"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [{"text": "fmt.Printl", "matches": {"Println"}}]
    complete_code_samples = ["x := 1", "func f() {}"]
    incomplete_code_samples = ["func f() {", "x := []int{1,"]
    invalid_code_samples = ["f())"]
    code_generate_error = 'panic("on purpose")'
    code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": "x := 7\nx", "result": "7"}]
    code_display_data = [
        {"code": 'gonbui.DisplayHTML("<b>x</b>")', "mime": "text/html"},
        {"code": "gonbui.DisplayImage(image.NewRGBA(image.Rect(0, 0, 4, 4)))", "mime": "image/png"},
    ]
    code_inspect_sample = "fmt.Println"
    code_clear_output = CLEAR
    code_history_pattern = "1 ?*2"
    supported_history_operations = ("tail", "range", "search")


if __name__ == "__main__":
    unittest.main(verbosity=2)

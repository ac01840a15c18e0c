package assist

import "encoding/json"

// The parts of the Language Server Protocol 3.17 that are used here.

type object = map[string]any

type textRange struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

type textEdit struct {
	Range   textRange `json:"range"`
	NewText string    `json:"newText"`
}

type completionList struct {
	Items []completionItem `json:"items"`
}

type completionItem struct {
	Label    string   `json:"label"`
	Kind     int      `json:"kind"`
	Detail   string   `json:"detail"`
	TextEdit textEdit `json:"textEdit"`
}

type hover struct {
	Contents markup `json:"contents"`
}

type markup struct {
	Value string `json:"value"`
}

type signatureHelp struct {
	Signatures []struct {
		Label         string          `json:"label"`
		Documentation json.RawMessage `json:"documentation"` // a string or markup
	} `json:"signatures"`
}

type location struct {
	URI   string    `json:"uri"`
	Range textRange `json:"range"`
}

type codeAction struct {
	Edit struct {
		DocumentChanges []struct {
			Edits []textEdit `json:"edits"`
		} `json:"documentChanges"`
	} `json:"edit"`
}

// capabilities tells gopls what its answers may hold.
var capabilities = object{
	"textDocument": object{
		"completion": object{"completionItem": object{"snippetSupport": false, "documentationFormat": []string{"plaintext"}}},
		"hover":      object{"contentFormat": []string{"markdown"}},
		"signatureHelp": object{"signatureInformation": object{
			"documentationFormat": []string{"markdown"},
		}},
		"codeAction": object{"codeActionLiteralSupport": object{"codeActionKind": object{"valueSet": []string{organizeImports}}}},
	},
	"workspace": object{"workspaceEdit": object{"documentChanges": true}, "configuration": false},
}

const organizeImports = "source.organizeImports"

// settings keep gopls from what nobody sees, diagnostics above all: they would type-check the whole workspace.
var settings = object{
	"completeFunctionCalls":          false,
	"completeUnimported":             true,
	"completionBudget":               "1s",
	"completionDocumentation":        false,
	"deepCompletion":                 false,
	"diagnosticsDelay":               "10000h",
	"diagnosticsTrigger":             "Save",
	"experimentalPostfixCompletions": false,
	"linksInHover":                   false,
	"matcher":                        "CaseInsensitive",
	"telemetryPrompt":                false,
	"vulncheck":                      "Off",
}

// jupyterTypes names the kinds of completion items as Jupyter does, for its icons.
var jupyterTypes = map[int]string{
	2: "function", 3: "function", 4: "function", 5: "property", 6: "instance", 7: "class", 8: "interface", 9: "module",
	10: "property", 14: "keyword", 17: "path", 19: "path", 21: "instance", 22: "class", 25: "class",
}

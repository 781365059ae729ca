// The server knows the dialect: opening a document gives no diagnostics.

// RUN: split-file %s %t
// RUN: cc-lsp-server -lit-test < %t/session.json | FileCheck %s
// CHECK: "method": "textDocument/publishDiagnostics"
// CHECK: "diagnostics": []

//--- session.json
{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":123,"rootPath":"mlir","capabilities":{},"trace":"off"}}
// -----
{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"test:///foo.mlir","languageId":"mlir","version":1,"text":"func.func @f(%ok: i1) {\n  condcomp.check %ok, \"must hold\"\n  return\n}"}}}
// -----
{"jsonrpc":"2.0","id":3,"method":"shutdown"}
// -----
{"jsonrpc":"2.0","method":"exit"}

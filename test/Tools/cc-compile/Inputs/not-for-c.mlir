func.func @"a-b"(%x: index) -> index { return %x : index }

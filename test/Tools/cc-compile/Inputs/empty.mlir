func.func private @f(%x: index) -> index { return %x : index }

using ECapture.Capture.Elf;
using Iced.Intel;

namespace ECapture.Capture.Symbols;

/// <summary>
/// Walks the instructions of a function in address order and follows what is computed from its first argument: copies, constant
/// offsets, and one pointer read from the object.
/// </summary>
internal ref struct PointerWalk
{
    private const int LeastOffset = 0x20; // fields before it are not a client random but type, method, version
    private const int MostOffset = 0x4000;
    private const int AccessorBytes = 512;
    private const int LoopBytes = 1024; // of a function in which a loop is looked for
    private const int RandomBytes = 32;

    private Dictionary<Register, FieldLocation> _values;
    private readonly Dictionary<ulong, Dictionary<Register, FieldLocation>> _jumped;
    private readonly InstructionInfoFactory _info;
    private bool _isReached;

    public PointerWalk()
    {
        _values = new Dictionary<Register, FieldLocation> { [Register.RDI] = new(-1, 0) };
        _jumped = [];
        _isReached = true;
        _info = new InstructionInfoFactory();
    }

    /// <summary>The address that the function hands on as a third argument, where it is computed in the first instructions.</summary>
    internal static FieldLocation? ThirdArgument(ElfFile elf, ulong function, int instructions)
    {
        PointerWalk walk = new();
        FieldLocation? found = null;
        foreach (Instruction instruction in X64Code.Decode(elf, function, instructions * 15))
        {
            if (instructions-- == 0 || instruction.FlowControl is FlowControl.Call or FlowControl.UnconditionalBranch or FlowControl.Return)
            {
                break;
            }

            walk.Arrive(instruction);
            bool computed = walk.Step(instruction) == Register.RDX
                && instruction.Mnemonic is Mnemonic.Lea or Mnemonic.Add && walk._values.ContainsKey(Register.RDX);
            if (computed && IsPossible(walk._values[Register.RDX]))
            {
                found = walk._values[Register.RDX];
                break;
            }
        }

        return found;
    }

    /// <summary>
    /// What the function reads byte by byte in a loop of as many turns as a client random has bytes: so it is written as text where the compiler has put
    /// the writing into the function itself.
    /// </summary>
    /// <param name="elf">The file.</param>
    /// <param name="function">Address of the function.</param>
    /// <returns>Null when there is no such loop, or several over different fields.</returns>
    internal static FieldLocation? ReadByBytes(ElfFile elf, ulong function)
    {
        List<Instruction> code = [.. X64Code.Decode(elf, function, LoopBytes)];
        PointerWalk walk = new();
        HashSet<FieldLocation> found = [];
        foreach (Instruction instruction in code)
        {
            walk.Arrive(instruction);
            if (instruction.Mnemonic == Mnemonic.Movzx && instruction.MemorySize == MemorySize.UInt8 && instruction.MemoryIndex != Register.None
                && instruction.MemoryIndexScale == 1 && walk._values.TryGetValue(instruction.MemoryBase, out FieldLocation start))
            {
                FieldLocation read = start with { Offset = start.Offset + (int)instruction.MemoryDisplacement64 };
                if (IsPossible(read) && EndsAtRandomBytes(code, instruction.MemoryIndex))
                {
                    found.Add(read);
                }
            }

            walk.Step(instruction);
        }

        return found.Count == 1 ? found.Single() : null;
    }

    private static bool EndsAtRandomBytes(List<Instruction> code, Register counter) => code.Exists(i =>
        i.Mnemonic == Mnemonic.Cmp && i.Op0Kind == OpKind.Register && i.Op0Register.GetFullRegister() == counter
        && i.Op1Kind is OpKind.Immediate8to64 or OpKind.Immediate8to32 && i.GetImmediate(1) == RandomBytes);

    /// <summary>The field that an exported accessor of the library gives; null when there is none or its code does not tell.</summary>
    internal static FieldLocation? Accessed(ElfFile elf, FieldAccessor accessor)
    {
        if (!elf.TryGetSymbol(accessor.Function, out ElfSymbol symbol) || !symbol.IsFunction)
        {
            return null;
        }

        int size = symbol.Size is > 0 and <= AccessorBytes ? (int)symbol.Size : AccessorBytes;
        return accessor.GivesAddress ? LowestComputed(elf, symbol.Address, size) : LowestRead(elf, symbol.Address, size);
    }

    // Where an accessor gives several fields by their addresses, the client's comes before the server's.
    private static FieldLocation? LowestComputed(ElfFile elf, ulong function, int size)
    {
        PointerWalk walk = new();
        FieldLocation? lowest = null;
        foreach (Instruction instruction in X64Code.Decode(elf, function, size))
        {
            walk.Arrive(instruction);
            Register target = walk.Step(instruction);
            if (instruction.Mnemonic is Mnemonic.Lea or Mnemonic.Add && walk._values.TryGetValue(target, out FieldLocation value)
                && value.Pointer < 0 && IsPossible(value) && (lowest is null || value.Offset < lowest.Value.Offset))
            {
                lowest = value;
            }
        }

        return lowest;
    }

    /// <summary>The lowest address that an accessor reads from the object: the field that it copies starts there.</summary>
    private static FieldLocation? LowestRead(ElfFile elf, ulong function, int size)
    {
        PointerWalk walk = new();
        Dictionary<int, int> lowest = [];
        foreach (Instruction instruction in X64Code.Decode(elf, function, size))
        {
            walk.Arrive(instruction);
            if (walk.TryAddress(instruction, out FieldLocation read) && IsPossible(read))
            {
                // A pointer that is followed is not the field.
                bool isPointer = instruction.Mnemonic == Mnemonic.Mov && instruction.Op0Register.GetSize() == 8 && instruction.Op0Kind == OpKind.Register
                    && IsFollowed(elf, function, size, read);
                if (!isPointer)
                {
                    lowest[read.Pointer] = Math.Min(lowest.GetValueOrDefault(read.Pointer, int.MaxValue), read.Offset);
                }
            }

            walk.Step(instruction);
        }

        return lowest.Count == 1 ? new FieldLocation(lowest.Keys.Single(), lowest.Values.Single()) : null;
    }

    private static bool IsFollowed(ElfFile elf, ulong function, int size, FieldLocation pointer)
    {
        if (pointer.Pointer >= 0)
        {
            return false;
        }

        PointerWalk walk = new();
        foreach (Instruction instruction in X64Code.Decode(elf, function, size))
        {
            walk.Arrive(instruction);
            if (walk.TryAddress(instruction, out FieldLocation read) && read.Pointer == pointer.Offset)
            {
                return true;
            }

            walk.Step(instruction);
        }

        return false;
    }

    private static bool IsPossible(FieldLocation location) => location.Offset is >= LeastOffset and <= MostOffset;

    // The address an instruction computes or reads, when it is made of the first argument and a constant.
    private readonly bool TryAddress(in Instruction instruction, out FieldLocation location)
    {
        location = default;
        bool hasMemory = instruction.Op0Kind == OpKind.Memory || instruction.Op1Kind == OpKind.Memory;
        if (!hasMemory || instruction.SegmentPrefix != Register.None || instruction.MemoryIndex != Register.None
            || !_values.TryGetValue(instruction.MemoryBase.GetFullRegister(), out FieldLocation value))
        {
            return false;
        }

        location = value with { Offset = value.Offset + (int)instruction.MemoryDisplacement64 };
        return true;
    }

    // Comes to an instruction: what was known where code jumped to it holds here, as far as the code before it does not say otherwise.
    private void Arrive(in Instruction instruction)
    {
        if (!_jumped.Remove(instruction.IP, out Dictionary<Register, FieldLocation>? there))
        {
            return;
        }

        if (!_isReached)
        {
            _values = there;
            return;
        }

        foreach ((Register register, FieldLocation value) in there)
        {
            _values.TryAdd(register, value);
        }
    }

    // Follows one instruction; returns the register that it set.
    private Register Step(in Instruction instruction)
    {
        _isReached = instruction.FlowControl is not (FlowControl.UnconditionalBranch or FlowControl.IndirectBranch or FlowControl.Return);
        if (instruction.FlowControl is FlowControl.ConditionalBranch && instruction.NearBranchTarget > instruction.IP)
        {
            _jumped.TryAdd(instruction.NearBranchTarget, new Dictionary<Register, FieldLocation>(_values));
        }

        Register target = instruction.Op0Kind == OpKind.Register ? instruction.Op0Register : Register.None;
        FieldLocation? value = null;
        if (target.GetSize() == 8)
        {
            value = Value(instruction);
        }

        foreach (UsedRegister used in _info.GetInfo(instruction).GetUsedRegisters())
        {
            if (used.Access is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite)
            {
                _values.Remove(used.Register.GetFullRegister());
            }
        }

        if (instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall)
        {
            foreach (Register lost in (ReadOnlySpan<Register>)[Register.RAX, Register.RCX, Register.RDX, Register.RSI, Register.RDI,
                Register.R8, Register.R9, Register.R10, Register.R11])
            {
                _values.Remove(lost);
            }
        }

        if (value is not null)
        {
            _values[target] = value.Value;
        }

        return target;
    }

    private readonly FieldLocation? Value(in Instruction instruction)
    {
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Mov when instruction.Op1Kind == OpKind.Register:
                return _values.TryGetValue(instruction.Op1Register, out FieldLocation copied) ? copied : null;
            case Mnemonic.Mov when instruction.Op1Kind == OpKind.Memory:
                // Only one pointer deep: deeper ones are no connection object that is known.
                return TryAddress(instruction, out FieldLocation at) && at.Pointer < 0 && at.Offset >= 0 ? new FieldLocation(at.Offset, 0) : null;
            case Mnemonic.Lea:
                return TryAddress(instruction, out FieldLocation sum) ? sum : null;
            case Mnemonic.Add or Mnemonic.Sub when instruction.Op1Kind is OpKind.Immediate8to64 or OpKind.Immediate32to64:
                if (!_values.TryGetValue(instruction.Op0Register, out FieldLocation old))
                {
                    return null;
                }

                int by = (int)(long)instruction.GetImmediate(1);
                return old with { Offset = old.Offset + (instruction.Mnemonic == Mnemonic.Add ? by : -by) };
            default:
                return null;
        }
    }
}

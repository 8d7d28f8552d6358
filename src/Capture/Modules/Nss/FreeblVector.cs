using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;
using Iced.Intel;

namespace ECapture.Capture.Modules.Nss;

/// <summary>
/// The functions of NSS's cryptographic library, which are not exported: the token calls them through a table that FREEBL_GetVector gives out. It is a
/// contract between libraries of different versions: what is in it stays where it is, new functions follow at its end.
/// </summary>
/// <param name="Hmac">HMAC_Finish, offset in the file.</param>
/// <param name="Prf">TLS_PRF.</param>
/// <param name="PHash">TLS_P_hash.</param>
internal sealed record FreeblVector(ulong Hmac, ulong Prf, ulong PHash)
{
    private const int HeaderBytes = 8; // u16 length in bytes, u16 version, padding
    private const int PrfIndex = 136;
    private const int HmacIndex = 143;
    private const int PHashIndex = 174;
    private const int CodeBytes = 128; // of FREEBL_GetVector
    private const int Version = 3;

    /// <summary>Reads the table.</summary>
    /// <param name="elf">The library.</param>
    /// <param name="getVector">FREEBL_GetVector.</param>
    /// <param name="vector">The functions.</param>
    /// <param name="reason">Why it could not be read.</param>
    /// <exception cref="CaptureException">Reading fails.</exception>
    internal static bool TryFind(ElfFile elf, in ElfSymbol getVector, [NotNullWhen(true)] out FreeblVector? vector, out string reason)
    {
        vector = null;
        reason = "FREEBL_GetVector does not tell where its table is";
        if (elf.Machine != ElfMachine.X64)
        {
            reason = $"code of processor {elf.Machine} is not read yet";
            return false;
        }

        ElfPointers? pointers = null;
        foreach (ulong table in Addresses(elf, getVector.Address))
        {
            if (!IsTable(elf, table))
            {
                continue;
            }

            pointers ??= new ElfPointers(elf);
            if (elf.TryGetCodeOffset(pointers.At(Place(table, HmacIndex)), out ulong hmac)
                && elf.TryGetCodeOffset(pointers.At(Place(table, PrfIndex)), out ulong prf)
                && elf.TryGetCodeOffset(pointers.At(Place(table, PHashIndex)), out ulong hash))
            {
                vector = new FreeblVector(hmac, prf, hash);
                reason = "";
                return true;
            }

            reason = "the table that FREEBL_GetVector gives out does not hold functions";
        }

        return false;
    }

    private static ulong Place(ulong table, int index) => table + HeaderBytes + ((ulong)index * sizeof(ulong));

    private static bool IsTable(ElfFile elf, ulong address)
    {
        Span<byte> header = stackalloc byte[4];
        return elf.ReadAddress(address, header) == header.Length
            && BinaryPrimitives.ReadUInt16LittleEndian(header) >= HeaderBytes + ((PHashIndex + 1) * sizeof(ulong))
            && BinaryPrimitives.ReadUInt16LittleEndian(header[2..]) >> 8 == Version;
    }

    // What the function computes relative to itself.
    private static List<ulong> Addresses(ElfFile elf, ulong function)
    {
        List<ulong> found = [];
        foreach (Instruction instruction in X64Code.Decode(elf, function, CodeBytes))
        {
            if (instruction.Mnemonic == Mnemonic.Lea && instruction.IsIPRelativeMemoryOperand)
            {
                found.Add(instruction.IPRelativeMemoryAddress);
            }
        }

        return found;
    }
}

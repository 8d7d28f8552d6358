using System.Buffers.Binary;
using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;

namespace ECapture.Tests.Unit.Capture.Bpf;

/// <summary>What the objects of each set may ask of a kernel, read from the objects that were built.</summary>
public sealed class ObjectSetTests
{
    // enum bpf_map_type: storage of sockets, inodes, tasks and cgroups, and struct_ops, need the kernel's own types.
    private static readonly int[] s_typedMaps = [24, 26, 28, 29, 32];
    private static readonly string[] s_typedPrograms = ["tp_btf", "iter", "fentry", "fexit", "fmod_ret", "lsm", "struct_ops"];
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "bpf");

    [Fact]
    public void PlainObjects_Built_NeedNothingOfTheKernelsTypes()
    {
        foreach (string file in Objects("plain"))
        {
            Assert.True(Relocations(file) == 0, $"{file}: {Relocations(file)} bytes of relocations by kernel types");
            Assert.DoesNotContain(Sections(file), s => s.StartsWith("raw_tp", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void ObjectsWithoutTheKernelsOwnTypes_Built_HaveNoProgramOrMapThatNeedsThem()
    {
        foreach (string file in Objects("plain").Concat(Objects("file")))
        {
            Assert.DoesNotContain(Sections(file), s => s_typedPrograms.Contains(s.Split('/')[0]));
            using BpfObject obj = BpfObject.Open(file);
            Assert.DoesNotContain(obj.Maps.Values, m => s_typedMaps.Contains(m.Type));
        }
    }

    [Fact]
    public void Objects_Built_AreOfEverySetTheSameAndThisTestSeesWhatItLooksFor()
    {
        string[] names = [.. Objects("").Select(f => Path.GetFileName(f))];
        Assert.NotEmpty(names);
        Assert.Equal(names, Objects("plain").Select(f => Path.GetFileName(f)));
        Assert.Equal(names, Objects("file").Select(f => Path.GetFileName(f)));

        string typed = Path.Combine(s_folder, "connection.bpf.o");
        Assert.True(Relocations(typed) > 0);
        Assert.Contains(Sections(typed), s => s.StartsWith("tp_btf/", StringComparison.Ordinal));
        using BpfObject obj = BpfObject.Open(typed);
        Assert.Contains(obj.Maps.Values, m => s_typedMaps.Contains(m.Type));
        Assert.True(Relocations(Path.Combine(s_folder, "file", "connection.bpf.o")) > 0);
    }

    private static string[] Objects(string set) => [.. Directory.GetFiles(Path.Combine(s_folder, set), "*.bpf.o").Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Sections(string file)
    {
        using ElfFile elf = ElfFile.Open(file);
        return [.. elf.Sections.Select(s => s.Name)];
    }

    // The third part of .BTF.ext (Documentation/bpf/btf.rst): its length stands behind those of the other two.
    private static int Relocations(string file)
    {
        const int HeaderLengthAt = 4;
        const int RelocationsLengthAt = 28;
        using ElfFile elf = ElfFile.Open(file);
        ElfSection section = elf.Sections.Single(s => s.Name == ".BTF.ext");
        byte[] header = new byte[RelocationsLengthAt + sizeof(int)];
        elf.ReadAt(section.Offset, header);
        return BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(HeaderLengthAt)) < header.Length
            ? 0
            : BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(RelocationsLengthAt));
    }
}

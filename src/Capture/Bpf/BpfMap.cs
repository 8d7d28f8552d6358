using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>A map of a BPF object. Keys and values are blittable and of the map's own sizes.</summary>
public sealed unsafe class BpfMap
{
    private readonly nint _handle;
    private static readonly int s_processors = LibBpf.libbpf_num_possible_cpus();

    internal BpfMap(nint handle, string name)
    {
        _handle = handle;
        Name = name;
    }

    /// <summary>The map's name in the object.</summary>
    public string Name { get; }

    /// <summary>Processors that per-CPU values have room for.</summary>
    public static int Processors => s_processors;

    /// <summary>The file descriptor; valid once the object is loaded.</summary>
    public int Fd => LibBpf.bpf_map__fd(_handle);

    /// <summary>Its type, as <c>enum bpf_map_type</c> counts.</summary>
    internal int Type => LibBpf.bpf_map__type(_handle);

    /// <summary>Most entries; of a ring its bytes.</summary>
    internal uint MaxEntries => LibBpf.bpf_map__max_entries(_handle);

    /// <summary>Sets the number of entries before the object is loaded.</summary>
    public void SetMaxEntries(uint entries) => Check(LibBpf.bpf_map__set_max_entries(_handle, entries), "resize");

    /// <summary>Uses the other map in place of this one; before the object is loaded.</summary>
    public void Reuse(BpfMap other) => Check(LibBpf.bpf_map__reuse_fd(_handle, other.Fd), "share");

    /// <summary>Looks a key up.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryGet<TKey, TValue>(in TKey key, out TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes<TKey, TValue>();
        fixed (TKey* k = &key)
        fixed (TValue* v = &value)
        {
            Unsafe.InitBlock(v, 0, (uint)sizeof(TValue));
            return LibBpf.bpf_map_lookup_elem(Fd, k, v) == 0;
        }
    }

    /// <summary>Adds or replaces a value.</summary>
    public void Set<TKey, TValue>(in TKey key, in TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes<TKey, TValue>();
        fixed (TKey* k = &key)
        fixed (TValue* v = &value)
        {
            Check(LibBpf.bpf_map_update_elem(Fd, k, v, 0), "update");
        }
    }

    /// <summary>Removes a key.</summary>
    /// <returns>False when there was none.</returns>
    public bool Remove<TKey>(in TKey key)
        where TKey : unmanaged
    {
        fixed (TKey* k = &key)
        {
            return LibBpf.bpf_map_delete_elem(Fd, k) == 0;
        }
    }

    /// <summary>Reads an entry of a per-CPU array of 64-bit values.</summary>
    /// <param name="index">Array index.</param>
    /// <param name="perProcessor">Receives <see cref="Processors"/> values.</param>
    public void ReadPerProcessor(uint index, Span<ulong> perProcessor)
    {
        if (perProcessor.Length < Processors)
        {
            throw new ArgumentException($"needs room for {Processors} values", nameof(perProcessor));
        }

        fixed (ulong* v = perProcessor)
        {
            Check(LibBpf.bpf_map_lookup_elem(Fd, &index, v), "read");
        }
    }

    private void CheckSizes<TKey, TValue>()
        where TKey : unmanaged
        where TValue : unmanaged
    {
        if (LibBpf.bpf_map__key_size(_handle) != sizeof(TKey) || LibBpf.bpf_map__value_size(_handle) != sizeof(TValue))
        {
            throw new InvalidOperationException(
                $"map {Name} holds {LibBpf.bpf_map__key_size(_handle)} -> {LibBpf.bpf_map__value_size(_handle)} bytes, "
                + $"not {typeof(TKey).Name} -> {typeof(TValue).Name} ({sizeof(TKey)} -> {sizeof(TValue)})");
        }
    }

    private void Check(int result, string what)
    {
        if (result < 0)
        {
            throw new CaptureException(
                $"cannot {what} the BPF map {Name}: {Marshal.GetPInvokeErrorMessage(-result)}");
        }
    }
}

namespace ECapture.Capture.Bpf;

/// <summary>
/// One ring that the objects of several modules write to: what they see comes in one order, and the room for one burst is there once, not once for each. Each module has its own
/// handler, and counts its own losses.
/// </summary>
/// <param name="memberOf">Says whose a record is.</param>
/// <param name="unknown">Is told that a record is nobody's.</param>
/// <param name="leads">See <see cref="RingReader.Add"/>.</param>
internal sealed class SharedRing(SharedRing.MemberOf memberOf, Action unknown, bool leads = false) : IRecordHandler
{
    // What decides whether there is room (bpf/include/record.h) must be one as well.
    private static readonly string[] s_shared = ["events", "source_shares"];

    private readonly Dictionary<uint, IRecordHandler> _members = [];
    private BpfObject? _first;

    /// <summary>Says whose a record is, by a number that the module's records carry.</summary>
    internal delegate uint MemberOf(ReadOnlySpan<byte> record);

    /// <summary>Lets an object that is not loaded yet write to this ring: that of the first object that joined, whose size it has.</summary>
    internal void Join(BpfObject obj)
    {
        if (_first is not null)
        {
            foreach (string map in s_shared)
            {
                obj.Maps[map].Reuse(_first.Maps[map]);
            }
        }
    }

    /// <summary>Hands a module's records to it from now on.</summary>
    /// <param name="member">Its number.</param>
    /// <param name="obj">Its object, which joined and is loaded; stays open as long as the ring is read.</param>
    /// <param name="handler">Receives them.</param>
    /// <param name="rings">Reads the ring, from the first module on.</param>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    internal void Add(uint member, BpfObject obj, IRecordHandler handler, RingReader rings)
    {
        _members.Add(member, handler);
        if (_first is null)
        {
            rings.Add(obj.Maps["events"], this, leads);
            _first = obj;
        }
    }

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record) => HandlerOf(record)?.OnRecord(record);

    /// <inheritdoc/>
    public void OnUnread(ReadOnlySpan<byte> record) => HandlerOf(record)?.OnUnread(record);

    private IRecordHandler? HandlerOf(ReadOnlySpan<byte> record)
    {
        if (_members.TryGetValue(memberOf(record), out IRecordHandler? handler))
        {
            return handler;
        }

        unknown();
        return null;
    }
}

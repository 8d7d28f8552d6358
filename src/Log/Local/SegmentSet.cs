namespace ECapture.Log.Local;

/// <summary>The segments as a reader sees them: which there are, and those that are open.</summary>
internal sealed class SegmentSet(LogDirectory directory, Catalogue catalogue) : IDisposable
{
    private const int MaxOpen = 8;

    private readonly Dictionary<long, SegmentReader> _open = [];
    private List<long> _ids = [];
    private long _catalogueVersion = -1;
    private long _newestVersion = -1;
    private long _newest = -1;

    /// <summary>Ids, oldest first, as of the last <see cref="Refresh"/>.</summary>
    public IReadOnlyList<long> Ids => _ids;

    public SegmentReader? Newest => _ids.Count == 0 ? null : TryOpen(_ids[^1]);

    /// <summary>Looks for changes; costs two reads of shared memory when there are none.</summary>
    /// <returns>True when there may be new records or segments.</returns>
    public bool Refresh()
    {
        bool changed = false;
        long catalogueVersion = catalogue.DataVersion;
        if (catalogueVersion != _catalogueVersion)
        {
            _catalogueVersion = catalogueVersion;
            List<long> ids = catalogue.Segments();
            if (!ids.SequenceEqual(_ids))
            {
                _ids = ids;
                changed = true;
                foreach (long gone in _open.Keys.Where(id => !ids.Contains(id)).ToArray())
                {
                    Close(gone);
                }
            }
        }

        if (Newest is { } newest && (newest.Id != _newest || newest.DataVersion != _newestVersion))
        {
            if (newest.Id != _newest && _open.TryGetValue(_newest, out SegmentReader? former))
            {
                former.Refresh(); // it may have met partitions after the last look, before it was closed
            }

            // The version first: an append between the two is seen again next time, never missed.
            _newest = newest.Id;
            _newestVersion = newest.DataVersion;
            newest.Refresh();
            changed = true;
        }

        return changed;
    }

    /// <summary>Opens a segment; null when it was dropped meanwhile.</summary>
    public SegmentReader? TryOpen(long id)
    {
        if (_open.TryGetValue(id, out SegmentReader? reader))
        {
            return reader;
        }

        if (_open.Count >= MaxOpen)
        {
            Close(_open.Keys.Min());
        }

        try
        {
            reader = new SegmentReader(directory, id);
        }
        catch (LogException) when (!File.Exists(directory.Segment(id)))
        {
            return null;
        }

        _open.Add(id, reader);
        return reader;
    }

    /// <summary>The segment that holds an offset, else the first one that has a later one; -1 when none knows the partition.</summary>
    public long Locate(TopicPartition partition, long offset)
    {
        long found = -1;
        for (int i = _ids.Count - 1; i >= 0; i--)
        {
            if (TryOpen(_ids[i])?.Partitions.TryGetValue(partition, out SegmentPartition known) == true)
            {
                found = _ids[i];
                if (known.First <= offset)
                {
                    break;
                }
            }
        }

        return found;
    }

    /// <summary>The segment after another; -1 when there is none.</summary>
    public long After(long id) => _ids.Find(other => other > id) is var next && next > id ? next : -1;

    public void Dispose()
    {
        foreach (SegmentReader reader in _open.Values)
        {
            reader.Dispose();
        }

        _open.Clear();
    }

    private void Close(long id)
    {
        _open[id].Dispose();
        _open.Remove(id);
    }
}

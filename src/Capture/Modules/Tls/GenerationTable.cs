namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// A table that never holds more than a number of entries: what was not used for the longest time is forgotten, half of the table
/// at once, at a constant cost for each use.
/// </summary>
internal sealed class GenerationTable<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly int _half = Math.Max(1, capacity / 2);
    private Dictionary<TKey, TValue> _young = [];
    private Dictionary<TKey, TValue> _old = [];

    /// <summary>Entries now.</summary>
    internal int Count => _young.Count + _old.Count;

    /// <summary>Finds an entry and keeps it.</summary>
    internal bool TryGet(TKey key, out TValue value)
    {
        if (_young.TryGetValue(key, out value!))
        {
            return true;
        }

        if (!_old.Remove(key, out value!))
        {
            return false;
        }

        Add(key, value);
        return true;
    }

    /// <summary>Adds an entry or changes it.</summary>
    internal void Set(TKey key, TValue value)
    {
        if (TryGet(key, out _))
        {
            _young[key] = value;
        }
        else
        {
            Add(key, value);
        }
    }

    /// <summary>Adds an entry that is not there.</summary>
    internal void Add(TKey key, TValue value)
    {
        if (_young.Count >= _half)
        {
            _old = _young;
            _young = [];
        }

        _young.Add(key, value);
    }
}

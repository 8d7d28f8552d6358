using ECapture.Query.Callers;

namespace ECapture.Query.Api;

/// <summary>
/// How many files may be on their way at once: each holds a statement of the store for as long as its reader takes, and slow readers must not keep everybody else out.
/// </summary>
internal sealed class RebuildGate
{
    /// <summary>For all callers together; two connections each are less than a PostgreSQL allows.</summary>
    public const int Most = 32;

    /// <summary>For one token, so that one cannot take all.</summary>
    public const int MostOfOne = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _inside = new(StringComparer.Ordinal);
    private int _all;

    /// <summary>Takes a place, which is given back by disposing of it.</summary>
    /// <exception cref="BusyException">There is none.</exception>
    public Place Enter(Caller caller)
    {
        lock (_lock)
        {
            int inside = _inside.GetValueOrDefault(caller.Name);
            if (caller.HasToken && inside >= MostOfOne)
            {
                throw new BusyException($"{inside} files are on their way with this token; wait for one of them to end");
            }

            if (_all >= Most)
            {
                throw new BusyException($"{_all} files are on their way already; try again in a moment");
            }

            _inside[caller.Name] = inside + 1;
            _all++;
            return new Place(this, caller.Name);
        }
    }

    private void Leave(string name)
    {
        lock (_lock)
        {
            _all--;
            if (--_inside[name] == 0)
            {
                _inside.Remove(name);
            }
        }
    }

    /// <summary>A place inside.</summary>
    internal sealed class Place(RebuildGate gate, string name) : IDisposable
    {
        public void Dispose() => gate.Leave(name);
    }
}

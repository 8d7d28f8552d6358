using System.Security.Cryptography;
using ECapture.Query.Callers;

namespace ECapture.Query.Releases;

/// <summary>
/// Requests for TLS secrets that wait for a second keyholder. An approval is good for one file, asked for by the same person with the same words; that it was used is kept before it counts, so that
/// no crash makes two of it. What was decided is in the access record, too.
/// </summary>
internal sealed class KeyReleases
{
    /// <summary>How long a request waits for a decision.</summary>
    public static readonly TimeSpan Waiting = TimeSpan.FromHours(24);

    /// <summary>How long an approval counts.</summary>
    public static readonly TimeSpan Counting = TimeSpan.FromHours(1);

    private const int MostOfOne = 20;
    private const int Most = 1000;
    private const int IdBytes = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, KeyRelease> _releases = new(StringComparer.Ordinal);
    private readonly ReleaseFile? _file;

    /// <param name="file">Where they are kept, and what was kept there before; null: in memory alone.</param>
    /// <exception cref="ReleaseException">The file cannot be read.</exception>
    public KeyReleases(ReleaseFile? file)
    {
        _file = file;
        foreach (KeyRelease release in file?.Read() ?? [])
        {
            _releases[release.Id] = release;
        }
    }

    /// <summary>Those of the last day, newest first.</summary>
    public IReadOnlyList<KeyRelease> List(DateTimeOffset now)
    {
        lock (_lock)
        {
            Expire(now);
            return [.. _releases.Values.OrderByDescending(r => r.Asked)];
        }
    }

    /// <summary>Uses the approval of a request up.</summary>
    /// <returns>What was approved.</returns>
    /// <exception cref="AccessRefusedException">It is not approved; it waits from now on.</exception>
    /// <exception cref="ReleaseException">It cannot be kept: nothing was used, nothing waits.</exception>
    public KeyRelease Use(string actor, string query, string reason, DateTimeOffset now)
    {
        lock (_lock)
        {
            Expire(now);
            KeyRelease? known = _releases.Values.FirstOrDefault(r => r.Actor == actor && r.Query == query && r.State is ReleaseState.Waiting or ReleaseState.Approved);
            if (known is { State: ReleaseState.Approved })
            {
                return Keep(known with { State = ReleaseState.Used });
            }

            known ??= Ask(actor, query, reason, now);
            throw new AccessRefusedException(
                $"TLS secrets need a second keyholder, and release {known.Id} waits for one until {known.Expires:u}: `ecapture key release approve {known.Id}` lets this same request through once, "
                + "within an hour. Without secrets: keys=false, --no-keys");
        }
    }

    /// <summary>Decides. What was approved can be denied until it is used.</summary>
    /// <param name="id">Of the request.</param>
    /// <param name="by">Who decides.</param>
    /// <param name="approves">True lets it through.</param>
    /// <param name="now">When.</param>
    /// <returns>The request as it was decided; null when there is none of that id to be decided.</returns>
    /// <exception cref="AccessRefusedException">It is his own.</exception>
    /// <exception cref="ReleaseException">It cannot be kept: nothing was decided.</exception>
    public KeyRelease? Decide(string id, string by, bool approves, DateTimeOffset now)
    {
        lock (_lock)
        {
            Expire(now);
            if (_releases.GetValueOrDefault(id) is not { } release || !IsOpen(release, approves))
            {
                return null;
            }

            if (approves)
            {
                RefuseOwn(release, by);
            }

            return Keep(release with
            {
                State = approves ? ReleaseState.Approved : ReleaseState.Denied,
                By = by,
                Expires = approves ? now + Counting : release.Expires,
            });
        }
    }

    /// <summary>True when a request can still be decided that way.</summary>
    public static bool IsOpen(KeyRelease release, bool approves) =>
        release.State == ReleaseState.Waiting || (!approves && release.State == ReleaseState.Approved);

    /// <exception cref="AccessRefusedException">Who decides is who asked.</exception>
    public static void RefuseOwn(KeyRelease release, string by)
    {
        if (release.Actor == by)
        {
            throw new AccessRefusedException($"release {release.Id} is your own: somebody else has to approve it");
        }
    }

    /// <summary>The request of an id, whatever became of it.</summary>
    public KeyRelease? Find(string id, DateTimeOffset now)
    {
        lock (_lock)
        {
            Expire(now);
            return _releases.GetValueOrDefault(id);
        }
    }

    private KeyRelease Ask(string actor, string query, string reason, DateTimeOffset now)
    {
        if (_releases.Values.Count(r => r.Actor == actor && r.State == ReleaseState.Waiting) >= MostOfOne)
        {
            throw new AccessRefusedException($"{MostOfOne} requests of {actor} wait for a second keyholder already: have them decided first (`ecapture key release list`)");
        }

        if (_releases.Count >= Most)
        {
            _releases.Remove(_releases.Values.OrderBy(r => r.State == ReleaseState.Waiting).ThenBy(r => r.Asked).First().Id);
        }

        var release = new KeyRelease(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), actor, query, reason, now, now + Waiting, ReleaseState.Waiting, null);
        return Keep(release);
    }

    // On the disk before it counts.
    private KeyRelease Keep(KeyRelease release)
    {
        _file?.Write([.. _releases.Values.Where(r => r.Id != release.Id), release]);
        return _releases[release.Id] = release;
    }

    private void Expire(DateTimeOffset now)
    {
        foreach (KeyRelease release in _releases.Values.ToArray())
        {
            if (release.Asked + Waiting + Counting <= now)
            {
                _releases.Remove(release.Id);
            }
            else if (release.State is ReleaseState.Waiting or ReleaseState.Approved && release.Expires <= now)
            {
                _releases[release.Id] = release with { State = ReleaseState.Expired };
            }
        }
    }
}

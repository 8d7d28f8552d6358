using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink;

internal static class SinkAssert
{
    /// <summary>Every event is there once, byte for byte, under its own identity; a failure says which is not.</summary>
    public static void Same(IReadOnlyCollection<StoredEvent> expected, IReadOnlyCollection<StoredEvent> actual)
    {
        StoredEvent[] twice = [.. actual.GroupBy(e => e).Where(g => g.Count() > 1).Select(g => g.Key)];
        StoredEvent[] missing = [.. expected.Except(actual)];
        StoredEvent[] unknown = [.. actual.Except(expected)];
        Assert.True(
            twice.Length + missing.Length + unknown.Length == 0,
            $"{expected.Count} expected, {actual.Count} stored; twice: {Some(twice)}; missing: {Some(missing)}; unknown: {Some(unknown)}");
        Assert.Equal(expected.Count, actual.Count);
    }

    private static string Some(StoredEvent[] events) =>
        $"{events.Length} {string.Join(", ", events.Take(3).Select(e => $"{e.Table}/{e.Run}/{e.Sequence} ({e.Encoded.Length / 2} bytes)"))}";
}

namespace ECapture.Tests.EndToEnd;

/// <summary>Tests with real probes run one after another: each sees the whole machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CaptureCollection
{
    public const string Name = "capture";
}

namespace ECapture.Terminal.Delivery;

/// <summary>When a file is put aside, and what becomes of those that were.</summary>
internal sealed record RotatingFileOptions
{
    /// <summary>Size at which a file is put aside; 0: never.</summary>
    internal long RotateBytes { get; init; }

    /// <summary>Age at which a file is put aside; zero: never.</summary>
    internal TimeSpan RotateAfter { get; init; }

    /// <summary>Files put aside that are kept; the oldest beyond them are deleted. 0: all.</summary>
    internal int Keep { get; init; }

    /// <summary>Files put aside are compressed.</summary>
    internal bool Compress { get; init; }
}

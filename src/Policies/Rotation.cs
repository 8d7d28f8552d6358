namespace ECapture.Policies;

/// <summary>How much time one partition of a module's table covers.</summary>
public enum Rotation
{
    /// <summary>A day (UTC).</summary>
    Day,

    /// <summary>An hour.</summary>
    Hour,
}

using System.Text.Json;
using System.Text.Json.Serialization;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Holds;

/// <summary>
/// What must not leave the store, whatever the rules say. Values of one property are alternatives, properties are joined by "and", an empty list means any.
/// </summary>
public sealed record LegalHold
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Its name; never used again.</summary>
    public required string Name { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Events from here on; null: from the first.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Events before this; null: also those to come.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Short topic names.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>Hosts.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Process names.</summary>
    public IReadOnlyList<string> Processes { get; init; } = [];

    /// <summary>Connection ids, 16 hexadecimal digits.</summary>
    public IReadOnlyList<string> Connections { get; init; } = [];

    /// <summary>When it ends by itself; null: when it is released.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Who added it.</summary>
    public string AddedBy { get; init; } = "";

    /// <summary>When.</summary>
    public DateTimeOffset AddedAt { get; init; }

    /// <summary>Who released it; null: nobody yet.</summary>
    public string? ReleasedBy { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>Version in the store.</summary>
    [JsonIgnore]
    public long Version { get; init; }

    /// <summary>True while it holds.</summary>
    public bool IsActive(DateTimeOffset now) => ReleasedAt is null && (Expires is null || Expires > now);

    internal LegalHoldRow ToRow() => new(Name, Version, JsonSerializer.Serialize(this, s_json));

    /// <exception cref="SinkException">The row is no hold: nothing may be dropped then.</exception>
    internal static LegalHold From(LegalHoldRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        try
        {
            return JsonSerializer.Deserialize<LegalHold>(row.Document, s_json)! with { Version = row.Version };
        }
        catch (JsonException e)
        {
            throw new SinkException($"the legal hold {row.Name} in the store cannot be read ({e.Message}): nothing is dropped while it is there; mend the table legal_hold");
        }
    }
}

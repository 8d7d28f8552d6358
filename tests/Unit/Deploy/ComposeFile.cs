using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace ECapture.Tests.Unit.Deploy;

/// <summary>docker-compose.yml as it stands at the top of the repository, merge keys applied.</summary>
internal sealed class ComposeFile
{
    private ComposeFile(IReadOnlyDictionary<string, Dictionary<object, object?>> services) => Services = services;

    internal static string Location { get; } = Path.Combine(Repository.Root, "docker-compose.yml");

    internal IReadOnlyDictionary<string, Dictionary<object, object?>> Services { get; }

    internal static ComposeFile Load()
    {
        using StreamReader reader = File.OpenText(Location);
        MergingParser parser = new(new Parser(reader));
        Dictionary<string, object?> document = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object?>>(parser);
        return new ComposeFile(Map(document["services"]).ToDictionary(s => (string)s.Key, s => Map(s.Value)));
    }

    internal static Dictionary<object, object?> Map(object? value) => Assert.IsType<Dictionary<object, object?>>(value);

    internal static string[] Texts(object? value) => [.. Assert.IsType<List<object?>>(value).Select(v => Assert.IsType<string>(v))];
}

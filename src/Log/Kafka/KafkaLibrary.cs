using System.Reflection;
using System.Runtime.InteropServices;

namespace ECapture.Log.Kafka;

/// <summary>
/// Finds the native client that Confluent.Kafka calls: <c>librdkafka.so</c> in the folder that <c>ECAPTURE_NATIVE</c> names, beside the program, or
/// where <c>make setup</c> puts it. Nothing is loaded before Kafka is used.
/// </summary>
public static class KafkaLibrary
{
    /// <summary>The environment variable that names the folder of the native libraries.</summary>
    public const string PathVariable = "ECAPTURE_NATIVE";

    private const string FileName = "librdkafka.so";
    private const string SetupFolder = "/usr/local/lib/ecapture";

    private static readonly Lazy<string?> Found = new(Find);

    static KafkaLibrary() => NativeLibrary.SetDllImportResolver(typeof(Confluent.Kafka.Library).Assembly, Resolve);

    /// <summary>The file that is used.</summary>
    /// <exception cref="LogException">There is none; says where it was looked for and how to get it.</exception>
    public static string Require() =>
        Found.Value ?? throw new LogException(
            $"{FileName} not found in {string.Join(", ", Folders())}: run `make setup`, or name its folder in {PathVariable}", isTransient: false);

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named)
        {
            yield return named;
        }

        yield return AppContext.BaseDirectory;
        yield return SetupFolder;
    }

    private static string? Find() => Folders().Select(f => Path.Combine(f, FileName)).FirstOrDefault(File.Exists);

    // Confluent.Kafka asks for several names (centos8-librdkafka, alpine-librdkafka, …); one file serves them all.
    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name.Contains("librdkafka", StringComparison.Ordinal) && Found.Value is { } file ? NativeLibrary.Load(file) : IntPtr.Zero;
}

using System.Reflection;

namespace ECapture.Tests.Support;

/// <summary>The checkout that these tests were built from.</summary>
public static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? at = new(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "ECapture.Pipeline.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("these tests read files of the checkout and must run inside it");
    }
}

using System.Globalization;

namespace ECapture.Terminal.Delivery;

/// <summary>Names of files that were put aside: <c>save.pcapng</c> becomes <c>save-20261120T093015.123Z.pcapng</c>.</summary>
internal static class RotatedName
{
    /// <summary>Puts a file aside under a name that nothing has.</summary>
    /// <returns>The name.</returns>
    internal static string PutAside(string path, DateTime now)
    {
        string stem = Path.Combine(Path.GetDirectoryName(path) ?? "", Path.GetFileNameWithoutExtension(path));
        string extension = Path.GetExtension(path);
        while (true)
        {
            string target = string.Create(CultureInfo.InvariantCulture, $"{stem}-{now:yyyyMMdd'T'HHmmss.fff'Z'}{extension}");
            try
            {
                File.Move(path, target, overwrite: false);
                return target;
            }
            catch (IOException) when (File.Exists(target))
            {
                now = now.AddMilliseconds(1);
            }
        }
    }

    /// <summary>The files that were put aside, compressed ones too.</summary>
    internal static IEnumerable<string> FindAside(string path)
    {
        const int TimeLength = 20; // -20261120T093015.123Z
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string stem = Path.GetFileNameWithoutExtension(path);
        string extension = Path.GetExtension(path);
        return Directory.EnumerateFiles(folder, stem + "-*").Where(file =>
        {
            string rest = Path.GetFileName(file)[stem.Length..];
            return rest.Length > TimeLength && char.IsAsciiDigit(rest[1]) && rest[TimeLength] == 'Z'
                && (rest[(TimeLength + 1)..] == extension || rest[(TimeLength + 1)..] == extension + ".gz");
        });
    }
}

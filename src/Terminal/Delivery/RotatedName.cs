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
}

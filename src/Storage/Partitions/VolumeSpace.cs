namespace ECapture.Storage.Partitions;

/// <summary>The volume that a folder of this machine is on.</summary>
internal static class VolumeSpace
{
    /// <summary>As statvfs says, for users without privileges.</summary>
    public static StoreSpace Of(string path)
    {
        DriveInfo volume = new(Path.GetFullPath(path));
        return new StoreSpace(volume.AvailableFreeSpace, volume.TotalSize, path);
    }
}

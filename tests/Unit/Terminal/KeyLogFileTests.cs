using ECapture.Terminal.KeyLogs;

namespace ECapture.Tests.Unit.Terminal;

public sealed class KeyLogFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"ecapture-keys-{Guid.NewGuid():N}");
    private readonly byte[] _random = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Add_SameLineTwiceAndAfterReopening_IsThereOnce()
    {
        using (KeyLogFile file = KeyLogFile.Open(_path))
        {
            Assert.True(file.Add("CLIENT_RANDOM"u8, _random, [1, 2]));
            Assert.False(file.Add("CLIENT_RANDOM"u8, _random, [1, 2]));
            Assert.Equal($"CLIENT_RANDOM {Convert.ToHexStringLower(_random)} 0102\n", File.ReadAllText(_path)); // while it is open
        }

        using (KeyLogFile again = KeyLogFile.Open(_path))
        {
            Assert.False(again.Add("CLIENT_RANDOM"u8, _random, [1, 2]));
            Assert.True(again.Add("EXPORTER_SECRET"u8, _random, [3]));
        }

        Assert.Equal(2, File.ReadAllLines(_path).Length);
    }

    [Fact]
    public void Open_FileOfOthersWithoutLastLineEnd_KeepsItAndClosesItToOthers()
    {
        File.WriteAllText(_path, "# mine");
        File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        using (KeyLogFile file = KeyLogFile.Open(_path))
        {
            file.Add("CLIENT_RANDOM"u8, _random, [1]);
        }

        Assert.Equal("# mine", File.ReadAllLines(_path)[0]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
    }

    [Theory]
    [InlineData("client_random", 32, 1)]
    [InlineData("", 32, 1)]
    [InlineData("A B", 32, 1)]
    [InlineData("CLIENT_RANDOM", 31, 1)]
    [InlineData("CLIENT_RANDOM", 32, 0)]
    [InlineData("CLIENT_RANDOM", 32, 257)]
    public void Add_WhatIsNoLine_IsRefused(string label, int random, int secret)
    {
        using KeyLogFile file = KeyLogFile.Open(_path);
        Assert.False(file.Add(System.Text.Encoding.UTF8.GetBytes(label), new byte[random], new byte[secret]));
        Assert.Equal(0, new FileInfo(_path).Length);
    }
}

using ECapture.Capture.Modules.Nss;

namespace ECapture.Tests.Unit.Capture.Nss;

public sealed class NssApiTests
{
    [Theory]
    [InlineData("libssl3.so", "libssl3")]
    [InlineData("libssl3-1a2b3c4d.so", "libssl3")]
    [InlineData("libnspr4.so", "libnspr4")]
    [InlineData("libnspr4.so.0d", "libnspr4")]
    [InlineData("libfreeblpriv3.so", "libfreeblpriv3")]
    [InlineData("libssl.so.3", "")]
    [InlineData("libfreebl3.so", "")]
    [InlineData("libfreeblpriv3.chk", "")]
    [InlineData("libssl3x.so", "")]
    [InlineData("libssl3-x.chk", "")]
    public void LibraryOf_FileName_IsOneOfTheThreeOrNone(string name, string library) => Assert.Equal(library, NssApi.LibraryOf(name));
}

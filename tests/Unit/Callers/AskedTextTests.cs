using ECapture.Query.Callers;
using Microsoft.AspNetCore.Http;

namespace ECapture.Tests.Unit.Callers;

public sealed class AskedTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("?reason=ticket%204711&host=web1", "?reason=ticket 4711&host=web1")]
    [InlineData("?reason=ticket+4711", "?reason=ticket 4711")]
    [InlineData("?filter=pid%20%3D%3D%201%20and%20sql%20~%20%22a%2Bb%22", "?filter=pid == 1 and sql ~ \"a+b\"")]
    [InlineData("?reason=ticket%26host=web1%26since=10m", "?reason=ticket%26host=web1%26since=10m")]
    [InlineData("?reason=ticket%2526host=web1", "?reason=ticket%2526host=web1")]
    [InlineData("?keys%3Dfalse=", "?keys%3Dfalse=")]
    [InlineData("?keys=false", "?keys=false")]
    public void Of_Query_IsReadAndNeverLooksLikeAnother(string query, string text) => Assert.Equal(text, AskedText.Of(new QueryString(query)));
}

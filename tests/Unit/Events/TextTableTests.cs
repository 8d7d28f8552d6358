using ECapture.Events.Formatting;

namespace ECapture.Tests.Unit.Events;

public sealed class TextTableTests
{
    private static readonly TextTable s_table = new(TextTable.Words("table", 6), TextTable.Numbers("rows", 5), TextTable.Words("next"));

    [Fact]
    public void Line_ShortAndLongValues_StandBelowTheirNamesAndAreWhole()
    {
        Assert.Equal("table    rows  next", s_table.Header);
        Assert.Equal("tls        12  kept; held by x", s_table.Line("tls", "12", "kept; held by x"));
        Assert.Equal("connection  1234567  kept", s_table.Line("connection", "1234567", "kept"));
    }
}

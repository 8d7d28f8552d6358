using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Tests.Unit.Querying;

/// <summary>Only what every match must be of may bound a search.</summary>
public sealed class NamedConnectionTests
{
    [Theory]
    [InlineData("connection == 8d1f00c300000001", true)]
    [InlineData("process == \"curl\" and connection == 8d1f00c300000001", true)]
    [InlineData("connection in (8d1f00c300000001, 8d1f00c300000001)", true)]
    [InlineData("connection == 8d1f00c300000001 or pid == 1", false)]
    [InlineData("not connection == 8d1f00c300000001", false)]
    [InlineData("connection != 8d1f00c300000001", false)]
    [InlineData("connection not in (8d1f00c300000001)", false)]
    [InlineData("flow == 8d1f00c300000001", false)]
    public void NamedConnections_OfAnExpression_AreThoseOfEveryMatch(string expression, bool isNamed)
    {
        EventFilter filter = EventFilter.All with { Expression = FilterExpression.Parse(expression) };

        Assert.Equal(isNamed ? [0x8d1f00c300000001] : [], filter.NamedConnections.Distinct());
        Assert.False(filter.IsOfConnectionsAlone);
    }

    [Fact]
    public void IsOfConnectionsAlone_WithAnythingBeside_IsFalse()
    {
        EventFilter filter = EventFilter.All with { Connections = [5] };

        Assert.True(filter.IsOfConnectionsAlone);
        Assert.False((filter with { From = 1 }).IsOfConnectionsAlone);
        Assert.False((filter with { Hosts = ["a"] }).IsOfConnectionsAlone);
        Assert.False((filter with { Topics = ["tls"] }).IsOfConnectionsAlone);
        Assert.False((filter with { Expression = FilterExpression.Parse("pid == 1") }).IsOfConnectionsAlone);
        Assert.False((filter with { Events = [default] }).IsOfConnectionsAlone);
    }
}

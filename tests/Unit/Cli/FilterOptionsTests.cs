using System.Collections;
using ECapture.Capture.Filters;
using ECapture.Cli;
using ECapture.Cli.Options;

namespace ECapture.Tests.Unit.Cli;

public sealed class FilterOptionsTests
{
    [Theory]
    [InlineData("0", false, new uint[] { 0 })]
    [InlineData("0", true, new uint[0])]
    [InlineData("0,33", true, new uint[] { 0, 33 })]
    [InlineData(null, false, new uint[0])]
    public void Read_Users_ZeroIsRootUnlessTheCommandIsECaptures(string? given, bool zeroIsEverybody, uint[] expected)
    {
        OptionReader options = new(
            EntryPoint.CreateRoot().Parse(given is null ? ["capture"] : ["capture", "--uid", given]),
            Settings.Load([], new Hashtable { ["ECAPTURE_CONFIG"] = "/dev/null" }));

        CaptureRules rules = FilterOptions.Read(options, zeroIsEverybody: zeroIsEverybody);

        Assert.Equal(expected, rules.Uids);
    }
}

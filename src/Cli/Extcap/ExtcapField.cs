namespace ECapture.Cli.Extcap;

/// <summary>A field of Wireshark's dialog, which becomes an option of this program.</summary>
/// <param name="Option">The option's name without dashes.</param>
/// <param name="Display">Its label.</param>
/// <param name="Type">Type of the extcap interface: string, boolflag, selector.</param>
/// <param name="Tooltip">What it means.</param>
/// <param name="Group">Tab of the dialog.</param>
/// <param name="Default">Its value when nothing is given; null for none.</param>
/// <param name="Placeholder">An example, shown while it is empty.</param>
internal sealed record ExtcapField(
    string Option, string Display, string Type, string Tooltip, string Group, string? Default = null, string? Placeholder = null)
{
    /// <summary>Its <c>arg</c> sentence.</summary>
    internal string Sentence(int number) =>
        $"arg {{number={number}}}{{call=--{Option}}}{{display={Display}}}{{type={Type}}}{{tooltip={Tooltip}}}{{group={Group}}}"
        + (Default is null ? "" : $"{{default={Default}}}")
        + (Placeholder is null ? "" : $"{{placeholder={Placeholder}}}");
}

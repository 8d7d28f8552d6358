using System.Text;

namespace ECapture.Terminal.Text;

/// <summary>Colours of a terminal (ECMA-48 SGR), or none.</summary>
internal sealed class Ink(bool isOn)
{
    internal const int Dim = 2;
    internal const int Red = 31;
    internal const int Green = 32;
    internal const int Yellow = 33;
    internal const int Magenta = 35;
    internal const int Cyan = 36;

    /// <summary>Appends text in a colour.</summary>
    internal void Append(StringBuilder text, string what, int colour)
    {
        if (isOn)
        {
            text.Append("\u001b[").Append(colour).Append('m').Append(what).Append("\u001b[0m");
        }
        else
        {
            text.Append(what);
        }
    }
}

namespace ECapture.Terminal.Text;

/// <summary>How text looks.</summary>
/// <param name="Hex">All bodies and plaintext as hex dumps.</param>
/// <param name="MostBytes">Bytes shown of one body, statement or command; 0: all.</param>
/// <param name="Colours">With colours.</param>
internal sealed record TextOptions(bool Hex, int MostBytes, bool Colours);

namespace ECapture.Storage.Reading;

/// <summary>An interface that packets were captured on.</summary>
/// <param name="Host">Its host.</param>
/// <param name="Name">Its name.</param>
/// <param name="LinkType">LINKTYPE_ number of its frames.</param>
public sealed record StoredInterface(string Host, string Name, ushort LinkType)
{
    /// <summary>LINKTYPE_ETHERNET.</summary>
    public const ushort Ethernet = 1;
}

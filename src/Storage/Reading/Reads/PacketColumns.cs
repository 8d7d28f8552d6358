namespace ECapture.Storage.Reading.Reads;

/// <summary>Columns of a packet read, by place. The data come last, see the Native reader.</summary>
internal static class PacketColumns
{
    public const int Host = 0;
    public const int NetworkNamespace = 1;
    public const int Flow = 2;
    public const int Time = 3;
    public const int Interface = 4;
    public const int Direction = 5;
    public const int OriginalLength = 6;
    public const int Pid = 7;
    public const int Process = 8;
    public const int LocalPort = 9;
    public const int Data = 10;
}

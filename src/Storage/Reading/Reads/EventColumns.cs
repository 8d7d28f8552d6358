namespace ECapture.Storage.Reading.Reads;

/// <summary>Columns of a packet read that takes the rest out of the event, by place.</summary>
internal static class EventColumns
{
    public const int Host = 0;
    public const int Time = 1;
    public const int DataAt = 2;
    public const int Event = 3;
    public const int Data = 4;
}

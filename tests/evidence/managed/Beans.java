import java.lang.management.*;
import java.nio.ByteBuffer;
public class Beans {
    public static void main(String[] args) {
        ByteBuffer kept = ByteBuffer.allocateDirect(3 << 20);
        byte[] live = new byte[20 << 20];
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        System.out.println("Heap Memory Usage: " + memory.getHeapMemoryUsage());
        System.out.println("Non-Heap Memory Usage: " + memory.getNonHeapMemoryUsage());
        System.out.println("kept " + kept.capacity() + " and " + live.length);
    }
}

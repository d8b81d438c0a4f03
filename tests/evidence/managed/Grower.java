import java.util.ArrayList;
import java.util.List;

/** Keeps a part of what it allocates, says "ready" and waits for a line. */
public class Grower {
    static final List<byte[]> kept = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        List<java.nio.ByteBuffer> direct = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            byte[] block = new byte[200_000];
            if (i % 4 == 0) kept.add(block);
            if (i % 100 == 0) direct.add(java.nio.ByteBuffer.allocateDirect(1 << 20));
        }
        System.out.println("ready");
        System.in.read();
        System.out.println(kept.size() + direct.size());
    }
}

import java.util.concurrent.*;

/** Pools: three executors with idle threads, and one that sleeps. */
public class Pools {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 3; i++) {
            ExecutorService pool = Executors.newFixedThreadPool(4);
            for (int j = 0; j < 4; j++) pool.submit(() -> {});
        }
        System.out.println("ready");
        Thread.sleep(600_000);
    }
}
